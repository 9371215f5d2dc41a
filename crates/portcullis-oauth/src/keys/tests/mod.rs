//! Keys: which are taken from a set, which are skipped and why (`reading`), which are configured one by one
//! (`statics`), and the published vectors (`vectors`).

mod reading;
mod statics;
mod vectors;
