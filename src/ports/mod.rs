//! The ports: traits and their requests, replies and errors. No technology is named here.
