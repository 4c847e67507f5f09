"""Incidents (应急事件): severity from plain questions, the chain school → county → city → province, desks."""
