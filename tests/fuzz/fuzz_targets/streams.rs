#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ironmasq_fuzz::streams::run(bytes));
