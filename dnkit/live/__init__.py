"""Venues over real sockets: transports, and one adapter for each way of speaking to a venue."""
