"""What every screen shares: security headers, errors, logs, languages, assets and the words of the design system."""
