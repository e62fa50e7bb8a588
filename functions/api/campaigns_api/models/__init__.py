"""The edge's models: what is read and what is answered. The OpenAPI document is made of them."""
