//! Exchanges, queues, bindings, policies and users: what is made at deploy. Services only look.
