mod building;
mod certificates;
mod handshakes;
mod listening;
mod plain;
mod reloading;
