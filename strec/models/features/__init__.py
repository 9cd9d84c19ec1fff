"""Numbers about a query and its candidates, from training alone: what trees and ST-LLM both see."""
