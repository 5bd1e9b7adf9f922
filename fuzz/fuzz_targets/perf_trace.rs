#![no_main]

clockhand_fuzz::reader!(Some("perf-trace"));
