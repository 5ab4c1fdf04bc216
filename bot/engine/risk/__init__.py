"""The gate that every order passes, and what it goes by."""

from bot.engine.risk.decision import Approved, Refused
from bot.engine.risk.gate import Gate
from bot.engine.risk.limits import ProtectionRule, RiskLimits

__all__ = ["Approved", "Gate", "ProtectionRule", "Refused", "RiskLimits"]
