-- Where the inbox's log ended when a question was asked: what came before answers nothing.

ALTER TABLE question ADD COLUMN log_position BIGINT NOT NULL DEFAULT 0;
