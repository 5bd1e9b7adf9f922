#![no_main]

clockhand_fuzz::reader!(Some("pin"));
