"""The storage engine: batches, chunks, summaries and rollups over the small port BlobStore (docs/design/storage.md)."""
