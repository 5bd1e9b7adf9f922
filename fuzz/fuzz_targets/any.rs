#![no_main]

clockhand_fuzz::reader!(None);
