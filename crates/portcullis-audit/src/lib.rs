//! What happened: one event per request, redacted and escaped, to tracing or JSON lines.
