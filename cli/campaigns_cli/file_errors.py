"""Why a file could not be read or written, in the user's language."""

import errno

from campaigns_cli.language import t


def why(error: OSError) -> str:
    """A few words for the middle of a sentence; what is rare is told as the system tells it."""
    reasons = {
        errno.ENOENT: t("não existe", "it does not exist"),
        errno.EACCES: t("sem permissão", "no permission"),
        errno.EPERM: t("sem permissão", "no permission"),
        errno.EROFS: t("o disco só permite leitura", "the disk is read-only"),
        errno.EISDIR: t("é uma pasta", "it is a folder"),
        errno.ENOTDIR: t("a pasta não existe", "the folder does not exist"),
        errno.ENOSPC: t("o disco está cheio", "the disk is full"),
    }
    return reasons.get(error.errno or 0) or error.strerror or type(error).__name__
