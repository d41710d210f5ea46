"""Identity providers: their dialogues, through a real socket."""
