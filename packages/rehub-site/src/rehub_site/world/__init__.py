"""One file for each thing outside the process: the database, the blobs, the sandbox, the search index."""
