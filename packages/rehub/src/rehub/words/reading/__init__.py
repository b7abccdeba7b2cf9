"""What one Python file says, by its syntax tree alone; `verbs/describe` puts a repository's files together."""
