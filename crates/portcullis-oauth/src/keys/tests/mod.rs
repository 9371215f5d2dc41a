//! Keys: which are taken from a set, which are skipped and why (`reading`), which are configured one by one
//! (`statics`), other ways to write signatures and keys (`forms`), and the published vectors (`vectors`).

mod forms;
mod reading;
mod statics;
mod vectors;
