//! How often: quotas, keys, a bounded in-process store on governor, RateLimit fields, login attempts.
