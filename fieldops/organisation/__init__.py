"""The tree province–city–county–school–room, people with duties, their devices, and who may do what where."""
