use crate::dice::Dice;
use std::time::Duration;

/// What befalls one request on its way, or its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// It arrives later, whether or not its sender is still there.
    Late(Duration),
    /// It is acted upon, and the connection ends without an answer.
    Dropped,
    /// The connection is reset before the request has arrived.
    ResetBefore,
    /// The connection is reset after it was acted upon.
    ResetAfter,
    /// A 500 in the service's words, nothing was done.
    FailsBefore,
    /// A 500 in the service's words, though it was done.
    FailsAfter,
    /// A 503 of something on the way, in HTML.
    Unavailable,
    /// A 429 of something on the way.
    TooMany,
    /// Throttled, in the service's words.
    Throttled,
    /// Half of the answer.
    Cut,
}

impl Weather {
    const FOUL: [Self; 9] = [
        Self::Dropped,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::FailsBefore,
        Self::FailsAfter,
        Self::Unavailable,
        Self::TooMany,
        Self::Throttled,
        Self::Cut,
    ];

    /// For `percent` of the requests one of the foul ones; with `late`, for as many a delay up to 2.2 s.
    pub fn draw(dice: &mut Dice, percent: usize, late: bool) -> Self {
        if dice.chance(percent) {
            dice.pick(&Self::FOUL)
        } else if late && dice.chance(percent) {
            Self::Late(dice.millis(50, 2200))
        } else {
            Self::Fair
        }
    }

    /// In the plural, for the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fair => "undisturbed",
            Self::Late(_) => "delays",
            Self::Dropped => "answers dropped",
            Self::ResetBefore => "resets before",
            Self::ResetAfter => "resets after",
            Self::FailsBefore => "500 before",
            Self::FailsAfter => "500 after",
            Self::Unavailable => "503",
            Self::TooMany => "429",
            Self::Throttled => "throttled",
            Self::Cut => "answers cut",
        }
    }
}
