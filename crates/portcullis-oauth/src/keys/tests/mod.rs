//! Keys: which are taken, which are skipped and why (`reading`), and the published vectors (`vectors`).

mod reading;
mod vectors;
