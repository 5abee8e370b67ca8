//! The quarterly refresh: discover, fetch, verify, unpack, parse, gate, diff, store, activate.
