//! The administration track from outside: published visits, our own golden visits, every switch, properties.

mod edits;
mod golden;
mod longer;
mod properties;
mod published;
mod request;
mod switches;
