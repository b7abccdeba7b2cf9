"""Values and rules of the hub: a submission, a review, a claim; no input or output, no clock, no environment."""
