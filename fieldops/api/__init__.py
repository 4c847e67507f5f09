"""JSON under `/api/v1`: enrol, snapshot, events, stream, and the OpenAPI document that the tests hold them to."""
