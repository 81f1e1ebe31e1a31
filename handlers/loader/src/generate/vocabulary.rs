//! Words, all made up or generic.

/// What people do.
pub const JOBS: [&str; 64] = [
    "accountant", "analyst", "architect", "assembler", "baker", "barista", "bookkeeper", "bus driver", "butcher",
    "buyer", "carpenter", "cashier", "chef", "claims handler", "clerk", "coach", "controller", "cook", "courier",
    "dental assistant", "designer", "dispatcher", "electrician", "engineer", "estimator", "facility manager",
    "firefighter", "fitter", "foreman", "gardener", "hairdresser", "inspector", "instructor", "janitor", "laboratory aide",
    "librarian", "machinist", "mail carrier", "mechanic", "nurse", "office manager", "operator", "paralegal", "painter",
    "pharmacist", "photographer", "planner", "plumber", "printer", "programmer", "project lead", "receptionist",
    "recruiter", "roofer", "sales lead", "scheduler", "security guard", "shift leader", "surveyor", "teacher",
    "technician", "tester", "translator", "welder",
];

/// Where they do it. Empty: they do not say.
pub const EMPLOYERS: [&str; 16] = [
    "", "", "", "", " at northwind", " at the county", " at bluebird foods", " at a school", " at harbor freight lines",
    " at quarry & sons", " at maple health", " ii", " iii", ", part time", " (self-employed)", " at tall pines",
];

/// Years in the job, and how many of a hundred.
pub const EMPLOYMENT: [(&str, u64); 12] = [
    ("10+ years", 33), ("2 years", 9), ("3 years", 8), ("< 1 year", 8), ("1 year", 7), ("5 years", 6), ("4 years", 6),
    ("n/a", 6), ("6 years", 5), ("7 years", 4), ("8 years", 4), ("9 years", 4),
];

/// What the loan is for: code, title, weight.
pub const PURPOSES: [((&str, &str), u64); 12] = [
    (("debt_consolidation", "Debt consolidation"), 570), (("credit_card", "Credit card refinancing"), 220),
    (("home_improvement", "Home improvement"), 68), (("other", "Other"), 60), (("major_purchase", "Major purchase"), 22),
    (("medical", "Medical expenses"), 12), (("small_business", "Business"), 12), (("car", "Car financing"), 11),
    (("moving", "Moving and relocation"), 7), (("vacation", "Vacation"), 7), (("house", "Home buying"), 6),
    (("renewable_energy", "Green loan"), 1),
];

/// State, the lowest of its three-digit postcodes, how many there are, and weight.
pub const STATES: [((&str, u64, u64), u64); 24] = [
    (("CA", 900, 62), 140), (("NY", 100, 50), 82), (("TX", 750, 50), 82), (("FL", 320, 30), 71), (("IL", 600, 30), 40),
    (("NJ", 70, 20), 36), (("PA", 150, 47), 34), (("OH", 430, 29), 33), (("GA", 300, 20), 32), (("VA", 220, 27), 28),
    (("NC", 270, 20), 28), (("MI", 480, 20), 26), (("AZ", 850, 16), 24), (("MD", 206, 14), 23), (("MA", 10, 18), 23),
    (("CO", 800, 17), 21), (("WA", 980, 15), 21), (("MN", 550, 18), 18), (("IN", 460, 20), 17), (("MO", 630, 29), 16),
    (("TN", 370, 16), 16), (("NV", 889, 10), 14), (("WI", 530, 20), 13), (("OR", 970, 10), 12),
];

/// Beginnings of what borrowers write.
pub const WISHES: [&str; 10] = [
    "I want to put all my cards into one payment.",
    "We are fixing the roof before winter, the \"big one\" as my wife calls it.",
    "Old car died; need another one, nothing fancy.",
    "Paying off two cards at 22%, then cutting them up.",
    "The kitchen is from 1974, and so are its pipes.",
    "Moving for a new job: deposit, truck, first month.",
    "Medical bill from last spring, insurance paid about half.",
    "Stock for my stall, which sells out every weekend.",
    "My sister's wedding, and some left for the honeymoon fund.",
    "Consolidate: 3 cards, 1 store account, 1 stubborn \"deferred interest\" sofa.",
];

/// Ends of what borrowers write.
pub const PROMISES: [&str; 8] = [
    "I have never been late.", "Stable job, same employer, no surprises.", "Thank you for reading\\looking!",
    "Budget attached below:\nrent 900, food 400, this loan 250.", "I pay by automatic transfer,\non the 1st.",
    "My credit score is lower than my character, as they say.", "Questions welcome; I answer the same day.",
    "<br/>Debt free by the end of it, that is the plan.",
];
