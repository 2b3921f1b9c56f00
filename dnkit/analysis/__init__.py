"""What a policy can do in every case: exhaustive exploration of the engine against an abstract venue."""
