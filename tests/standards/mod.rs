//! What the standards demand, across rooms: their vectors through a whole stack, and the list of their demands with
//! the test of each. Vectors that concern one room alone are run there.

mod basic;
mod challenges;
mod checklist;
mod dpop;
mod naughty;
mod problems;
mod providers;
mod schema;
mod stack;
