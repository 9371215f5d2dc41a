//! See the test binary `workspace` beside this file.
