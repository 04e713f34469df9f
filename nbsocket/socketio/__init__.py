"""Socket.IO's server. It knows neither notebooks nor widgets, and of transports only their interface."""
