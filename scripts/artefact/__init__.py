"""What `sam build` calls to make the layer and the functions: see docs/decisions/0027."""
