"""机制与培训：制度文件数、培训期数、人次。"""

from __future__ import annotations

from pbm_cli.facts import StageFacts
from pbm_cli.loading import Loaded


def mechanism_facts(loaded: Loaded) -> StageFacts:
    """制度文件按份数计；培训没有写期数的一行算一期。"""
    trainings, documents = loaded.of("training"), loaded.of("document")
    summary = {
        "documents": len(documents),
        "training_sessions": sum(t.sessions if t.sessions is not None else 1 for t in trainings),
        "training_attendances": sum(t.attendances for t in trainings),
    }
    titles = [{"title": d.title, "document_no": d.document_no} for d in documents]
    return StageFacts({**summary, "document_titles": titles}, [], [])
