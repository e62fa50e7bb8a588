"""WhatsApp campaigns: rules (domain), what is done by them (services), the outside (adapters)."""

__version__ = "0.1.0"
