mod assurance;
mod decide;
mod evaluate;
mod lint;
mod model;
mod print;
