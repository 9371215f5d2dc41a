mod building;
mod certificates;
mod handshakes;
mod listening;
mod reloading;
