"""Which features are on for whom: audiences and percentages, changed without a restart.

Owns: features with their rules and history, audiences with their members.
Promises: the same person gets the same answer until the feature is changed; raising a percentage
only adds people; a change reaches every process within two seconds; every change is in the audit
log and can be taken back; an unknown feature is off; a question costs no statement.
Publishes nothing. Locks: a feature's row, then all audiences (an advisory lock).
"""

from hansa.modules.rollout.audiences import (
    Added,
    add_people,
    remove_audience,
    save_audience,
    take_people,
)
from hansa.modules.rollout.model import (
    ALLOWED_MAX,
    PARTS,
    Answer,
    Audience,
    AudienceId,
    AudienceInUse,
    AudienceInvalid,
    AudienceTaken,
    FeatureChanged,
    NoSuchAudience,
    NoSuchFeature,
    NoSuchVersion,
    Reason,
    Rules,
    RulesInvalid,
    Setting,
    State,
    TooManyPeople,
    Version,
    part_of,
)
from hansa.modules.rollout.operations import changes, restore_version, save_rules, set_killed
from hansa.modules.rollout.people import (
    Entry,
    Fault,
    FileUnreadable,
    Found,
    find_people,
    read_csv,
    read_text,
)
from hansa.modules.rollout.queries import (
    features_using,
    find_audiences,
    find_members,
    get_audience,
    get_setting,
    get_version,
    list_audiences,
    list_members,
    list_settings,
    list_versions,
)
from hansa.modules.rollout.service import Rollout, explain, is_on

__all__ = [
    "ALLOWED_MAX",
    "PARTS",
    "Added",
    "Answer",
    "Audience",
    "AudienceId",
    "AudienceInUse",
    "AudienceInvalid",
    "AudienceTaken",
    "Entry",
    "Fault",
    "FeatureChanged",
    "FileUnreadable",
    "Found",
    "NoSuchAudience",
    "NoSuchFeature",
    "NoSuchVersion",
    "Reason",
    "Rollout",
    "Rules",
    "RulesInvalid",
    "Setting",
    "State",
    "TooManyPeople",
    "Version",
    "add_people",
    "changes",
    "explain",
    "features_using",
    "find_audiences",
    "find_members",
    "find_people",
    "get_audience",
    "get_setting",
    "get_version",
    "is_on",
    "list_audiences",
    "list_members",
    "list_settings",
    "list_versions",
    "part_of",
    "read_csv",
    "read_text",
    "remove_audience",
    "restore_version",
    "save_audience",
    "save_rules",
    "set_killed",
    "take_people",
]
