"""Linking a WhatsApp account: what is shown to its owner, and who it turned out to be."""

from blazz.pairing.steps import Paired, PairingCode, PairingStep, QrCode

__all__ = ["Paired", "PairingCode", "PairingStep", "QrCode"]
