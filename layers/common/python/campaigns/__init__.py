"""WhatsApp campaigns: the rules (domain), what is done with them (services), and the outside (adapters)."""

__version__ = "0.1.0"
