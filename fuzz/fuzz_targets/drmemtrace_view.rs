#![no_main]

clockhand_fuzz::reader!(Some("drmemtrace-view"));
