"""Static mirrors: trees of plain files that any server gives out; made here, and asked before a thing's own place."""
