"""What problems, columns, kinds and policies are called. Texts are marked here and translated where they are shown."""

from __future__ import annotations

from collections.abc import Callable

from fieldops.timetable.check import Problem


def N_(text: str) -> str:  # noqa: N802 (gettext's customary name: it marks a text for extraction and returns it as it is)
    """Mark a text for translation later."""
    return text


COLUMNS: dict[str, str] = {
    "date": N_("Date"),
    "code": N_("Code"),
    "name": N_("Name"),
    "name_en": N_("English name"),
    "kind": N_("Kind"),
    "start": N_("Start"),
    "end": N_("End"),
    "check_in_min": N_("Check-in (min)"),
    "preparation_min": N_("Preparation (min)"),
    "sealing_min": N_("Sealing (min)"),
}

KINDS: dict[str, str] = {
    "subject": N_("Subject"),
    "questionnaire": N_("Student questionnaire"),
    "staff_questionnaire": N_("Principal and teacher questionnaire"),
}

#: Sentences of what stops a timetable.
PROBLEMS: dict[str, str] = {
    "no_rows": N_("The timetable has no sessions."),
    "no_header": N_("No heading row was found. It needs at least the headings of date, code, name, start and end."),
    "missing_column": N_("This column is missing."),
    "no_origin": N_("Say where the timetable comes from, in 1 to 200 characters."),
    "empty": N_("This is empty."),
    "too_long": N_("This has %(length)s characters; %(limit)s is the most."),
    "unprintable": N_("This has an invisible or unreadable character in it. Type it again."),
    "bad_date": N_("“%(value)s” is no date. Write it like 2024-05-20."),
    "bad_time": N_("“%(value)s” is no time of day. Write it like 09:00."),
    "bad_minutes": N_("“%(value)s” is no whole number of minutes."),
    "minutes_out_of_range": N_("%(value)s minutes are not between 0 and %(limit)s."),
    "bad_code": N_("The code “%(value)s” may have only small letters, digits and hyphens, like g4-chinese."),
    "duplicate_code": N_("The code “%(code)s” stands already in row %(first_row)s."),
    "code_of_other_grade": N_("The code “%(code)s” belongs to grade %(grade)s. Codes are unique in a window."),
    "unknown_kind": N_("“%(value)s” is no kind of session. Write subject, questionnaire or staff_questionnaire."),
    "outside_window": N_("%(date)s is outside the window, %(first_day)s to %(last_day)s."),
    "end_before_start": N_("The end %(end)s is not after the start %(start)s."),
    "before_midnight": N_("Check-in and preparation for %(start)s would begin on the day before."),
    "overlap": N_("“%(code)s” begins while “%(first_code)s” (row %(first_row)s) still runs, until %(until)s."),
}

#: Sentences of what stops nothing.
WARNINGS: dict[str, str] = {
    "tight": N_(
        "Between row %(first_row)s and this one are %(gap)s minutes; sealing, check-in and preparation take %(needed)s."
    ),
}

#: Policy → its name and what it decides.
POLICIES: dict[str, tuple[str, str]] = {
    "late_cut_off_min": (
        N_("Late cut-off"),
        N_("Minutes after the start until which a student may still come in. No source of the monitoring gives one."),
    ),
    "start_tolerance_min": (N_("Tolerance of the start"), N_("A start further off the plan makes an anomaly.")),
    "end_tolerance_min": (N_("Tolerance of the end"), N_("An end further off the plan makes an anomaly.")),
    "late_entry_after_min": (N_("Late entry"), N_("A fact written down later than this is shown as a late entry.")),
    "silence_min": (N_("Silence"), N_("A room whose start is due for so long with nothing heard needs attention.")),
    "check_in_done_min": (
        N_("Check-in finished"),
        N_("Minutes after the late cut-off at which somebody asks for students without an entry."),
    ),
    "sealing_tolerance_min": (
        N_("Tolerance of the sealing"),
        N_("Minutes beyond those of the timetable at which somebody asks for the sealing."),
    ),
    "nil_report_min": (
        N_("Nil report"),
        N_("Minutes after the day's last sealing at which somebody asks a school that said nothing of its day."),
    ),
    "stale_after_s": (N_("Shown grey"), N_("A room not heard for so long is shown grey.")),
    "participation_min_percent": (
        N_("Participation"),
        N_("A sitting with a lower share of present students needs attention (rule of international studies)."),
    ),
    "acknowledge_serious_min": (N_("Acknowledge: serious"), N_("A serious incident must be acknowledged within this.")),
    "acknowledge_moderate_min": (
        N_("Acknowledge: moderate"),
        N_("A moderate incident must be acknowledged within this."),
    ),
    "acknowledge_minor_min": (N_("Acknowledge: minor"), N_("A minor incident must be acknowledged within this.")),
    "acknowledge_city_min": (
        N_("Acknowledge: city desk"),
        N_("The city's own time to acknowledge, whatever the severity. 0: as for the severity."),
    ),
    "acknowledge_province_min": (
        N_("Acknowledge: province desk"),
        N_("The province's own time to acknowledge, whatever the severity. 0: as for the severity."),
    ),
    "word_serious_min": (
        N_("Next word: serious"),
        N_("Who took on a serious incident says how it stands within this; the second missing word passes it up."),
    ),
    "word_moderate_min": (
        N_("Next word: moderate"),
        N_("Who took on a moderate incident says how it stands within this; the second missing word passes it up."),
    ),
    "word_minor_min": (
        N_("Next word: minor"),
        N_("Who took on a minor incident says how it stands within this; the second missing word passes it up."),
    ),
    "repeat_serious_min": (
        N_("Reminder: serious"),
        N_("Until a serious incident is acknowledged, its desk is told again after this."),
    ),
    "repeat_moderate_min": (
        N_("Reminder: moderate"),
        N_("Until a moderate incident is acknowledged, its desk is told again after this."),
    ),
    "repeat_minor_min": (
        N_("Reminder: minor"),
        N_("Until a minor incident is acknowledged, its desk is told again after this."),
    ),
    "area_schools": (
        N_("Same trouble in several schools"),
        N_("So many schools with the same kind of incident may be one incident of the county; its desk is asked."),
    ),
    "area_min": (N_("Same trouble within"), N_("So close to each other in time that they may be one incident.")),
    "skip_level_serious": (
        N_("Levels passed over: serious"),
        N_(
            "A serious incident that nobody acknowledges passes over so many levels on its way up;"
            " they still see it. 0: level by level."
        ),
    ),
    "nobody_up_min": (
        N_("Nobody on duty"),
        N_("Where nobody is on duty, an incident goes to the level above after this."),
    ),
    "roster_release_min": (
        N_("Names reach the phones"),
        N_(
            "Minutes before the first check-in of the day at which the names reach the phones. Before, the roster lies"
            " there sealed. 0: at once, without a lock."
        ),
    ),
    "day_closes_after_h": (
        N_("Close of the day"),
        N_(
            "A school's day that nobody closed counts as closed so long after its last planned end."
            " Then the names leave the phones."
        ),
    ),
    "keep_facts_days": (
        N_("Facts on the phones"),
        N_("Phones delete facts that were received so long after the close of the day. Unsent ones stay."),
    ),
    "clock_off_s": (N_("Device clock"), N_("A device's clock further off is flagged.")),
}

#: As they stand behind a value.
UNITS: dict[str, str] = {
    "min": N_("min"),
    "s": N_("s"),
    "h": N_("h"),
    "d": N_("d"),
    "levels": N_("levels"),
    "schools": N_("schools"),
    "%": "%",
}


def sentence(problem: Problem, gettext: Callable[[str], str] = str) -> str:
    """The sentence of a problem or warning in the language that `gettext` translates into; English without it."""
    return gettext((PROBLEMS | WARNINGS)[problem.code]) % problem.params
