"""Two policies, compared by what they mean."""
