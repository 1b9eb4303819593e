//! Why an input is refused. The codes stand in order of precedence: where several apply, the first is given.

use nooterra_engine::Record;
use std::fmt;

macro_rules! codes {
    ($($(#[$family:meta])* $name:ident $text:literal;)*) => {
        /// A refusal's code. Ordered: a smaller code precedes a greater one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Record)]
        pub enum Code {
            $($(#[$family])* #[doc = concat!("`", $text, "`")] $name,)*
        }
        impl Code {
            /// All codes, in order of precedence.
            pub const ALL: &[Self] = &[$(Self::$name),*];
            /// The wire name.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

codes! {
    // Form.
    SchemaInvalid "SCHEMA_INVALID"; FieldUnknown "FIELD_UNKNOWN"; TypeUnknown "TYPE_UNKNOWN";
    VersionUnsupported "VERSION_UNSUPPORTED"; BodyTooLarge "BODY_TOO_LARGE"; SecretInPayload "SECRET_IN_PAYLOAD";
    NotCanonical "NOT_CANONICAL";
    // Identity.
    SignatureInvalid "SIGNATURE_INVALID"; KeyUnknown "KEY_UNKNOWN"; KeyInactive "KEY_INACTIVE"; RoleForbidden "ROLE_FORBIDDEN";
    ScopeMissing "SCOPE_MISSING"; NotFound "NOT_FOUND"; PartyForbidden "PARTY_FORBIDDEN"; SelfApproval "SELF_APPROVAL";
    ConflictOfInterest "CONFLICT_OF_INTEREST"; SecondKeyRequired "SECOND_KEY_REQUIRED";
    // Position, time, volume.
    SeqGap "SEQ_GAP"; SeqReplay "SEQ_REPLAY"; PrevMismatch "PREV_MISMATCH"; HeadRequired "HEAD_REQUIRED"; HeadConflict "HEAD_CONFLICT";
    IdempotencyConflict "IDEMPOTENCY_CONFLICT"; ClockAhead "CLOCK_AHEAD"; ClockBackward "CLOCK_BACKWARD";
    ReportTooOld "REPORT_TOO_OLD"; RateLimited "RATE_LIMITED"; QuotaExceeded "QUOTA_EXCEEDED";
    // State.
    StateForbids "STATE_FORBIDS"; TrackForbids "TRACK_FORBIDS"; AlreadyDone "ALREADY_DONE"; JobTerminal "JOB_TERMINAL"; InertJob "INERT_JOB";
    // Binding.
    NotBoundRobot "NOT_BOUND_ROBOT"; FenceStale "FENCE_STALE"; LeaseExpired "LEASE_EXPIRED"; NotAssignedOperator "NOT_ASSIGNED_OPERATOR";
    ShiftClosed "SHIFT_CLOSED"; ScopeExceeded "SCOPE_EXCEEDED"; SkillNotPinned "SKILL_NOT_PINNED"; SkillRevoked "SKILL_REVOKED";
    CertInvalid "CERT_INVALID"; CapabilityMissing "CAPABILITY_MISSING";
    // Market.
    WindowInvalid "WINDOW_INVALID"; RfqClosed "RFQ_CLOSED"; NotInvited "NOT_INVITED"; QuoteNotLive "QUOTE_NOT_LIVE";
    QuoteExpired "QUOTE_EXPIRED"; RoundsExhausted "ROUNDS_EXHAUSTED"; NotYourTurn "NOT_YOUR_TURN"; NoChange "NO_CHANGE";
    PriceOutOfBand "PRICE_OUT_OF_BAND"; SplitInfeasible "SPLIT_INFEASIBLE"; OverBudget "OVER_BUDGET"; CurrencyMismatch "CURRENCY_MISMATCH";
    TermsChanged "TERMS_CHANGED"; ContractInactive "CONTRACT_INACTIVE"; AuthMismatch "AUTH_MISMATCH"; NotCaptured "NOT_CAPTURED";
    RequoteRequired "REQUOTE_REQUIRED"; RescheduleLimit "RESCHEDULE_LIMIT";
    // Dispatch.
    NoCandidate "NO_CANDIDATE"; Overlap "OVERLAP"; RobotNotReady "ROBOT_NOT_READY"; DockBusy "DOCK_BUSY";
    // Access.
    PlanMissing "PLAN_MISSING"; PlanNotValidNow "PLAN_NOT_VALID_NOW"; AreaForbidden "AREA_FORBIDDEN"; AccessRevoked "ACCESS_REVOKED";
    AccessExpired "ACCESS_EXPIRED"; ApprovalMissing "APPROVAL_MISSING"; ApprovalSpent "APPROVAL_SPENT";
    ApprovalMismatch "APPROVAL_MISMATCH"; StopActive "STOP_ACTIVE";
    // Trust.
    ContentHashMissing "CONTENT_HASH_MISSING"; EvidenceInsufficient "EVIDENCE_INSUFFICIENT"; NotIndependent "NOT_INDEPENDENT";
    ClaimWindowClosed "CLAIM_WINDOW_CLOSED"; ProofRequired "PROOF_REQUIRED"; ProofStale "PROOF_STALE"; HoldOpen "HOLD_OPEN";
    RetentionHeld "RETENTION_HELD";
    // Money.
    AmountInvalid "AMOUNT_INVALID"; AmountOverflow "AMOUNT_OVERFLOW"; LimitExceeded "LIMIT_EXCEEDED"; Unbalanced "UNBALANCED";
    PayeeMissing "PAYEE_MISSING"; PeriodClosed "PERIOD_CLOSED"; PeriodOpen "PERIOD_OPEN"; FundingInvalid "FUNDING_INVALID";
    LienOpen "LIEN_OPEN";
}

impl Code {
    /// The code of a wire name.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.text() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A refusal: part of the contract and of the log.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Rejection {
    /// Which rule.
    pub code: Code,
    /// The field that breaks it.
    pub field: Option<String>,
    /// What would have passed.
    pub expected: Option<String>,
    /// What was found.
    pub actual: Option<String>,
}

impl Rejection {
    /// A bare code.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, field: None, expected: None, actual: None }
    }
    /// With the field that breaks the rule.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
    /// With what would have passed.
    #[must_use]
    pub fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self
    }
    /// With what was found.
    #[must_use]
    pub fn actual(mut self, actual: impl fmt::Display) -> Self {
        self.actual = Some(actual.to_string());
        self
    }
}

impl From<Code> for Rejection {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(x) = &self.field {
            write!(f, " in {x}")?;
        }
        if let Some(x) = &self.expected {
            write!(f, ", expected {x}")?;
        }
        if let Some(x) = &self.actual {
            write!(f, ", found {x}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}
