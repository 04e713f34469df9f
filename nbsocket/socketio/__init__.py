"""The Socket.IO server. It knows nothing of notebooks or widgets, and only the interface of transports."""
