"""What runs inside a virtual machine of the kernel matrix: the agent on real servers, and checks in TAP lines."""
