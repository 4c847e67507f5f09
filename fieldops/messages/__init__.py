"""Messages that leave the system: to a desk's chat robot, telephone or mailbox. Optional, and never the only way."""
