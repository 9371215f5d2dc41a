mod asks;
mod questions;
